package plugin

import (
	"fmt"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/curfewkv/curfew/ttllint"
)

// Name is the linter's name in golangci-lint's configuration.
const Name = "ttllint"

func init() { register.Plugin(Name, New) }

// plugin is the linter with its settings.
type plugin struct{ settings ttllint.Settings }

// New makes the linter from the settings of golangci-lint's configuration: durable, default-ttl-hook, disable, tests.
func New(settings any) (register.LinterPlugin, error) {
	s := ttllint.Settings{}
	if settings != nil {
		var err error
		if s, err = register.DecodeSettings[ttllint.Settings](settings); err != nil {
			return nil, fmt.Errorf("settings of %s: %w", Name, err)
		}
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("settings of %s: %w", Name, err)
	}
	return &plugin{s}, nil
}

func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return []*analysis.Analyzer{ttllint.New(p.settings)}, nil
}

// GetLoadMode says that the analyzer needs types.
func (*plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
