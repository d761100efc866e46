package lifetime

import (
	"strconv"
	"strings"
	"sync"
)

// beside names a key that belongs to another one and lies in the same hash slot, so that one script or transaction can
// use both in a Cluster. The name begins with the key wherever that is possible: prefixes that ACL rules, policies and
// audits know then hold for it as well. No two pairs of key and kind get the same name.
//
//	order:{42}   order:{42}:lease         the key's own hash tag decides for both
//	order:42     order:42:lease{order:42} the whole key decides; it becomes the tag of the other
//	order:4}2    order:4}2:lease{8117}    the key cannot be a tag: a number of the same slot is
//	order:{42    {5649}order:{42:lease}   a tag behind the key would begin at the key's own brace
func beside(key, kind string) string {
	open := strings.IndexByte(key, '{')
	if open < 0 {
		tag := key
		if strings.IndexByte(key, '}') >= 0 {
			tag = tagOf(Slot(key))
		}
		return key + ":" + kind + "{" + tag + "}"
	}
	if strings.IndexByte(key[open+1:], '}') > 0 {
		return key + ":" + kind
	}
	return "{" + tagOf(Slot(key)) + "}" + key + ":" + kind + "}"
}

// tagOf returns the smallest number that hashes to the slot.
func tagOf(slot int) string { return strconv.Itoa(int(tags()[slot])) }

// tags is only made when a key asks for it: nearly none has a brace out of place.
var tags = sync.OnceValue(func() *[slots]int32 {
	var smallest [slots]int32
	for i := range smallest {
		smallest[i] = -1
	}
	for n, left := int32(0), slots; left > 0; n++ {
		if slot := Slot(strconv.Itoa(int(n))); smallest[slot] < 0 {
			smallest[slot] = n
			left--
		}
	}
	return &smallest
})
