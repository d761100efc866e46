package lint

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// deadlines looks at the arguments that are instants.
func (p *program) deadlines(command string, args []argument) []mistake {
	switch command {
	case "EXPIREAT", "PEXPIREAT":
		if len(args) > 1 {
			return p.deadline(args[1].from, args[1].to, command == "PEXPIREAT")
		}
	case "SET", "GETEX":
		for i, a := range args {
			word, _ := p.list[a.from].constant()
			switch {
			case a.name == "exat" || a.name == "pxat":
				return p.deadline(a.from, a.to, a.name == "pxat")
			case (strings.EqualFold(word, "EXAT") || strings.EqualFold(word, "PXAT")) && i+1 < len(args):
				return p.deadline(args[i+1].from, args[i+1].to, strings.EqualFold(word, "PXAT"))
			case p.list[a.from].is("{") && i > 0:
				for _, part := range p.split(a.from+1, a.to-1) {
					if option := p.list[part[0]]; option.in("EXAT", "PXAT") && p.at(part[0]+1).is(":") {
						return p.deadline(part[0]+2, part[1], option.is("PXAT"))
					}
				}
			}
		}
	}
	return nil
}

// deadline looks at one instant, in milliseconds or in seconds.
func (p *program) deadline(from, to int, milliseconds bool) []mistake {
	var d instant
	p.read(&d, from, to, 4)
	if p.lang == python {
		return p.pythonDeadline(&d, milliseconds)
	}
	return p.scriptDeadline(&d, milliseconds)
}

// instant is what the expression of a deadline is made of, with the names in it replaced by what they are set to.
type instant struct {
	words []string // the tokens; strings as they are
	local string   // why it depends on the machine's zone
}

func (d *instant) has(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(d.words, w) })
}

// sequence reports whether words follow each other.
func (d *instant) sequence(words ...string) bool {
	for i := range d.words {
		if i+len(words) <= len(d.words) && slices.Equal(d.words[i:i+len(words)], words) {
			return true
		}
	}
	return false
}

func (p *program) read(d *instant, from, to, depth int) {
	for i := from; i < to && len(d.words) < reach; i++ {
		tok := p.list[i]
		if tok.kind == line {
			continue
		}
		d.words = append(d.words, tok.text)
		if tok.kind != name || p.at(i-1).in(".", "?.") {
			continue
		}
		if p.at(i + 1).is("(") {
			if why := p.localCall(i); why != "" {
				d.local = why
			}
			continue
		}
		if p.at(i+1).is(".") && p.at(i+3).is("(") { // datetime.now(), dt.datetime(...)
			if why := p.localCall(i + 2); why != "" {
				d.local = why
			}
		}
		if p.at(i+1).is(".") && p.at(i+3).is(".") && p.at(i+5).is("(") { // datetime.datetime.now()
			if why := p.localCall(i + 4); why != "" {
				d.local = why
			}
		}
		if a, b, ok := p.only(tok.text, i); ok && depth > 0 && !(a <= i && i < b) {
			p.read(d, a, b, depth-1)
		}
	}
}

// localCall says why the result of a call is an instant that depends on the machine's zone; "" when it does not.
func (p *program) localCall(i int) string {
	end := p.partnerOr(i + 1)
	if end >= len(p.list) {
		return ""
	}
	if p.lang == python {
		return p.naive(i, end)
	}
	if !p.list[i].is("Date") || !p.at(i-1).is("new") {
		return ""
	}
	args := p.split(i+2, end)
	if len(args) >= 2 {
		return "new Date(year, month, ...) is local time; use Date.UTC"
	}
	if len(args) == 1 {
		if s, ok := p.list[args[0][0]].constant(); ok && args[0][1] == args[0][0]+1 && !zoned.MatchString(s) {
			return "new Date(" + strconv.Quote(s) + ") is local time; end it with Z or an offset"
		}
	}
	return ""
}

// zoned are the texts of instants that JavaScript takes as UTC or with an offset: a date alone, and what names its zone.
var zoned = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d)?)?$|(Z|GMT|UTC|[+-]\d\d:?\d\d)$`)

// naive says what is wrong with a datetime without a zone.
func (p *program) naive(i, end int) string {
	args := p.arguments(i+2, end)
	zone := p.zoneLater(end) || slices.ContainsFunc(args, func(a argument) bool { return a.name == "tzinfo" || a.name == "tz" || a.spread })
	switch tok := p.list[i]; {
	case tok.is("mktime"):
		return "time.mktime() takes local time; use calendar.timegm()"
	case zone:
		return ""
	case tok.is("datetime") && len(args) >= 3 && len(args) < 8:
		return "datetime(...) without tzinfo is local time; give it tzinfo=timezone.utc"
	case tok.is("now") && p.at(i-1).is(".") && p.at(i-2).is("datetime") && len(args) == 0, tok.is("today") && p.at(i-2).is("datetime"):
		return "datetime." + tok.text + "() has no zone, so sums with it are wrong across a change of the clock; use datetime.now(timezone.utc)"
	case tok.in("utcnow", "utcfromtimestamp"):
		return "datetime." + tok.text + "() has no zone, and timestamp() takes it for local time; use datetime.now(timezone.utc)"
	case tok.is("strptime") && p.at(i-2).is("datetime") && len(args) == 2:
		if format, ok := p.list[args[1].from].constant(); ok && !strings.Contains(format, "%z") {
			return "datetime.strptime() without %z is local time; follow it by .replace(tzinfo=timezone.utc)"
		}
	}
	return ""
}

// zoneLater reports whether .replace(tzinfo=...) follows a call.
func (p *program) zoneLater(end int) bool {
	if !p.at(end+1).is(".") || !p.at(end+2).is("replace") || !p.at(end+3).is("(") {
		return false
	}
	return slices.ContainsFunc(p.arguments(end+4, p.partnerOr(end+3)), func(a argument) bool { return a.name == "tzinfo" })
}

func (p *program) pythonDeadline(d *instant, milliseconds bool) []mistake {
	var found []mistake
	if d.local != "" && !d.has("timegm") {
		found = append(found, mistake{rule.LocalDeadline, "the deadline depends on the time zone of the machine: " + d.local})
	}
	epoch := d.sequence("time", ".", "time", "(", ")") || d.sequence(".", "timestamp", "(", ")")
	scaled := d.has("1000", "1e3", "1000.0", "1_000", "time_ns")
	switch {
	case epoch && !milliseconds && d.sequence("*", "1000"):
		found = append(found, mistake{rule.WrongUnit, "the deadline is in seconds, and this is milliseconds: the key would stay for thousands of years"})
	case epoch && milliseconds && !scaled:
		found = append(found, mistake{rule.WrongUnit, "the deadline is in milliseconds, and this is seconds: it is long past, so the key goes at once"})
	case epoch && !d.has("int", "round", "floor", "ceil", "trunc", "//"):
		found = append(found, mistake{rule.WrongUnit, "the deadline is a fraction, which Redis refuses; make it an int"})
	}
	return found
}

func (p *program) scriptDeadline(d *instant, milliseconds bool) []mistake {
	var found []mistake
	if d.local != "" && !d.has("UTC") {
		found = append(found, mistake{rule.LocalDeadline, "the deadline depends on the time zone of the machine: " + d.local})
	}
	epoch := d.sequence("Date", ".", "now", "(", ")") || d.has("getTime", "valueOf")
	seconds := d.sequence("/", "1000") || d.sequence("/", "1e3") || d.sequence("/", "1_000") || d.sequence("*", "0.001")
	switch {
	case epoch && !milliseconds && !seconds:
		found = append(found, mistake{rule.WrongUnit, "the deadline is in seconds, and this is milliseconds: the key would stay for thousands of years"})
	case epoch && milliseconds && seconds && !d.sequence("*", "1000"):
		found = append(found, mistake{rule.WrongUnit, "the deadline is in milliseconds, and this is seconds: it is long past, so the key goes at once"})
	case epoch && !milliseconds && !d.has("floor", "round", "ceil", "trunc", "parseInt", "|", "~", "toFixed"):
		found = append(found, mistake{rule.WrongUnit, "the deadline is a fraction, which Redis refuses; round it by Math.floor"})
	}
	return found
}
