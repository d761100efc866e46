// Package release releases the modules of this repository to a folder, and looks at what somebody gets who imports or
// installs them from there: that nobody resolves more than what is promised shows only outside of the checkout, where no
// go.work is. It publishes nothing.
package release
