package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"github.com/curfewkv/curfew/internal/toolkit/watch"
)

// notInConfig are flags that mean something on the command line only.
var notInConfig = []string{"config", "help", "once", "exit-on-alarm", "rule"}

// readWatchConfig sets flags and rules from a YAML file: its keys are the names of flags, and rules. Flags that were given
// on the command line stay as they are. What it does not know is an error.
func readWatchConfig(path string, flags *pflag.FlagSet, rules []watch.Rule) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	if len(document.Content) == 0 {
		return nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return errors.New("it must be a mapping of keys to values")
	}
	seen := map[string]bool{}
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if seen[key.Value] {
			return fmt.Errorf("line %d: %s is there twice", key.Line, key.Value)
		}
		seen[key.Value] = true
		var err error
		if key.Value == "rules" {
			err = configRules(value, rules)
		} else {
			err = configFlag(key.Value, value, flags)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", value.Line, err)
		}
	}
	return nil
}

func configFlag(name string, value *yaml.Node, flags *pflag.FlagSet) error {
	flag := flags.Lookup(name)
	if flag == nil || slices.Contains(notInConfig, name) {
		return fmt.Errorf("%s: there is no such key", name)
	}
	if flag.Changed {
		return nil
	}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		if _, ok := flag.Value.(pflag.SliceValue); !ok {
			return fmt.Errorf("%s: one value, not a list", name)
		}
		values = value.Content
	}
	for _, v := range values {
		if v.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s: a value, not a mapping", name)
		}
		if err := flag.Value.Set(v.Value); err != nil {
			// The value may be a password or a URL with a token.
			return fmt.Errorf("%s: not a %s", name, flag.Value.Type())
		}
	}
	return nil
}

// configRules reads NAME: LIMIT and NAME: {max: LIMIT, for: TIME, ...}.
func configRules(node *yaml.Node, rules []watch.Rule) error {
	if node.Kind != yaml.MappingNode {
		return errors.New("rules: must be a mapping of names to limits")
	}
	for i := 0; i < len(node.Content); i += 2 {
		name, value := node.Content[i].Value, node.Content[i+1]
		var parts []string
		switch value.Kind {
		case yaml.ScalarNode:
			parts = append(parts, value.Value)
		case yaml.MappingNode:
			for j := 0; j < len(value.Content); j += 2 {
				if value.Content[j+1].Kind != yaml.ScalarNode {
					return fmt.Errorf("line %d: rule %s: %s: must be a value", value.Line, name, value.Content[j].Value)
				}
				parts = append(parts, value.Content[j].Value+"="+value.Content[j+1].Value)
			}
		default:
			return fmt.Errorf("line %d: rule %s: must be a limit, or a mapping", value.Line, name)
		}
		if err := watch.Set(rules, name+"="+strings.Join(parts, ",")); err != nil {
			return fmt.Errorf("line %d: %w", value.Line, err)
		}
	}
	return nil
}
