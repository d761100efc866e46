package output

import (
	"encoding/json"
	"io"
)

// JSON writes v indented, with a line end, as jq would.
func JSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
