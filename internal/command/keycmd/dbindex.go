package keycmd

import "github.com/curfewkv/curfew/internal/command"

const errInt32 command.Error = "ERR value is out of range, value must between -2147483648 and 2147483647"

// dbIndex parses argument i as the number of a database.
func dbIndex(c *command.Ctx, i int) (int, error) {
	n, err := c.Int(i)
	if err != nil {
		return 0, err
	}
	if n != int64(int32(n)) {
		return 0, errInt32
	}
	return knownDB(c, n)
}

// int32Or parses argument i as an integer of 32 bits; no is the error when it is none.
func int32Or(c *command.Ctx, i int, no command.Error) (int64, error) {
	n, err := c.Int(i)
	if err != nil || n != int64(int32(n)) {
		return 0, no
	}
	return n, nil
}

// knownDB checks that there is a database n.
func knownDB(c *command.Ctx, n int64) (int, error) {
	if n < 0 || n >= int64(c.Tx.Keyspace().Databases()) {
		return 0, command.ErrDBIndex
	}
	return int(n), nil
}
