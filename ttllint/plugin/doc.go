// Package plugin is ttllint as a module plugin of golangci-lint. It registers itself when it is imported, which a build
// by `golangci-lint custom` does; docs/lint.md has the two files that this takes.
//
// It has nothing of its own but the form of the settings, and nothing else imports it.
package plugin
