//go:build !race

package rig

const RaceEnabled = false
