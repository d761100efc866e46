package resp

// AppendCommand appends a request with these arguments to dst.
func AppendCommand(dst []byte, args ...string) []byte {
	return appendCommand(dst, args)
}

// AppendCommandBytes is AppendCommand for byte slices.
func AppendCommandBytes(dst []byte, args ...[]byte) []byte {
	return appendCommand(dst, args)
}

func appendCommand[T string | []byte](dst []byte, args []T) []byte {
	dst = appendHeader(dst, '*', int64(len(args)))
	for _, a := range args {
		dst = appendHeader(dst, '$', int64(len(a)))
		dst = append(dst, a...)
		dst = append(dst, '\r', '\n')
	}
	return dst
}
