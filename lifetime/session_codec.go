package lifetime

import "encoding/json"

// SessionCodec turns values into what Redis keeps, and back.
type SessionCodec[T any] interface {
	Marshal(T) ([]byte, error)
	Unmarshal([]byte) (T, error)
}

type sessionJSON[T any] struct{}

func (sessionJSON[T]) Marshal(value T) ([]byte, error) { return json.Marshal(value) }

func (sessionJSON[T]) Unmarshal(data []byte) (value T, err error) {
	err = json.Unmarshal(data, &value)
	return value, err
}

// SessionBytes keeps bytes as they are.
type SessionBytes struct{}

// Marshal implements SessionCodec.
func (SessionBytes) Marshal(value []byte) ([]byte, error) { return value, nil }

// Unmarshal implements SessionCodec.
func (SessionBytes) Unmarshal(data []byte) ([]byte, error) { return data, nil }
