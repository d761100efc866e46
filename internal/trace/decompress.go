package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

var (
	magicGzip = []byte{0x1f, 0x8b}
	magicZstd = []byte{0x28, 0xb5, 0x2f, 0xfd}
	magicXZ   = []byte{0xfd, '7', 'z', 'X', 'Z', 0}
)

// decompress unpacks src if it begins with a known magic number: names of traces are not reliable (.lis, .trace).
// The closer is nil where there is nothing to release.
func decompress(src io.Reader) (io.Reader, io.Closer, error) {
	in := bufio.NewReaderSize(src, 256<<10)
	head, err := in.Peek(len(magicXZ))
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, magicGzip):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return z, z, nil
	case bytes.HasPrefix(head, magicZstd):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		c := z.IOReadCloser()
		return c, c, nil
	case bytes.HasPrefix(head, magicXZ):
		z, err := xz.NewReader(in)
		if err != nil {
			return nil, nil, fmt.Errorf("xz: %w", err)
		}
		return z, nil, nil
	}
	return in, nil, nil
}
