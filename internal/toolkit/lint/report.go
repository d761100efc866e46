package lint

import (
	"fmt"
	"io"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/ttllint"
	"github.com/curfewkv/curfew/ttllint/rule"
)

// Formats are the forms of a report.
var Formats = []string{"text", "json", "sarif", "github"}

// Report writes findings in one of the formats.
func Report(w io.Writer, format, version string, found []Finding) error {
	switch format {
	case "text":
		for _, f := range found {
			if _, err := fmt.Fprintln(w, f); err != nil {
				return err
			}
		}
		return nil
	case "json":
		if found == nil {
			found = []Finding{}
		}
		return output.JSON(w, struct {
			Findings []Finding `json:"findings"`
		}{found})
	case "github":
		return reportGitHub(w, found)
	case "sarif":
		return reportSARIF(w, version, found)
	}
	return fmt.Errorf("there is no format %q; there are %s", format, strings.Join(Formats, ", "))
}

// reportGitHub writes commands that GitHub Actions shows at the lines of a pull request.
func reportGitHub(w io.Writer, found []Finding) error {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range found {
		_, err := fmt.Fprintf(w, "::error file=%s,line=%d,col=%d,endLine=%d,title=%s::%s\n",
			property.Replace(f.File), f.Line, f.Column, f.EndLine, property.Replace(string(f.Code)+" "+f.Name), message.Replace(f.Message))
		if err != nil {
			return err
		}
	}
	return nil
}

// reportSARIF writes what code scanning reads, with every rule, found or not.
func reportSARIF(w io.Writer, version string, found []Finding) error {
	run := sarif.NewRunWithInformationURI("curfew ttl lint", ttllint.HelpURL)
	run.Tool.Driver.WithSemanticVersion(version)
	for _, r := range rule.All() {
		page := ttllint.HelpURL + "#" + ttllint.Anchor(r)
		run.AddRule(string(r.Code)).WithName(r.Name).WithShortDescription(sarif.NewMultiformatMessageString().WithText(r.Summary)).
			WithHelpURI(page).WithHelp(sarif.NewMultiformatMessageString().WithText(r.Help)).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel("warning"))
	}
	for _, f := range found {
		region := sarif.NewRegion().WithStartLine(f.Line).WithStartColumn(f.Column).WithEndLine(f.EndLine).WithEndColumn(f.EndColumn)
		run.CreateResultForRule(string(f.Code)).WithLevel("warning").WithMessage(sarif.NewTextMessage(f.Message)).
			AddLocation(sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
				WithArtifactLocation(sarif.NewSimpleArtifactLocation(f.File)).WithRegion(region)))
	}
	report := sarif.NewReport()
	report.AddRun(run)
	if err := report.PrettyWrite(w); err != nil {
		return fmt.Errorf("SARIF: %w", err)
	}
	return nil
}
