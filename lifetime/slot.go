package lifetime

import "strings"

// slots is the number of hash slots of a Cluster: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
const slots = 16384

// Slot returns the hash slot of a key: CRC16 (XMODEM) of its hash tag, if it has one, else of the whole key.
func Slot(key string) int {
	if _, after, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(after, "}"); ok && tag != "" {
			key = tag
		}
	}
	crc := uint16(0)
	for i := range len(key) {
		crc ^= uint16(key[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % slots
}

// bySlot groups keys by their hash slot, in the order in which the slots occur first, so that commands of several keys
// can be sent to a Cluster.
func bySlot(keys []string) [][]string {
	var groups [][]string
	at := map[int]int{}
	for _, key := range keys {
		slot := Slot(key)
		i, ok := at[slot]
		if !ok {
			i = len(groups)
			at[slot] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], key)
	}
	return groups
}
