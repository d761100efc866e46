package lifetime

var (
	// policyTTL has one series for each rule and action: the rules are few, keys are not.
	policyTTL = &Figure{
		Name: "lifetime_ttl_total",
		Help: "Keys that were written without a TTL or with one out of bounds, by the rule and what was done about it.",
		Kind: Counter, Labels: []string{"rule", "action"},
	}

	policyFigures = []*Figure{policyTTL}
)
