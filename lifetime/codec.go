package lifetime

import (
	"encoding/json"
	"fmt"
)

// A Codec turns values into bytes and back. Values of type []byte and string never pass it: they are stored as they are.
type Codec interface {
	Marshal(v any) ([]byte, error)
	Unmarshal(data []byte, v any) error
}

// JSON is the codec of a Cache and of Sessions that are given none.
type JSON struct{}

// Marshal returns the value as JSON.
func (JSON) Marshal(v any) ([]byte, error) { return json.Marshal(v) }

// Unmarshal reads JSON into what v points to.
func (JSON) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

func encode[T any](codec Codec, v T) ([]byte, error) {
	switch v := any(v).(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	data, err := codec.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return data, nil
}

// decode makes a value of its own from the bytes, which several callers may share.
func decode[T any](codec Codec, data []byte) (T, error) {
	var v T
	switch p := any(&v).(type) {
	case *[]byte:
		*p = append([]byte{}, data...)
		return v, nil
	case *string:
		*p = string(data)
		return v, nil
	}
	if err := codec.Unmarshal(data, &v); err != nil {
		var zero T
		return zero, fmt.Errorf("decode %T: %w", v, err)
	}
	return v, nil
}
