// Says what the Compose specification has against the file on standard input, given as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/schema"
)

func main() {
	var file map[string]any
	err := json.NewDecoder(os.Stdin).Decode(&file)
	if err == nil {
		err = schema.Validate(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
