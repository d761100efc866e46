// Package prometheus holds deploy/prometheus and deploy/grafana to what they promise: promtool runs every alert's
// tests, and a real Prometheus that scrapes a real `curfew ttl exporter` has data for every query of the dashboard.
//
// There is no Grafana in Debian: that the dashboard can be imported is checked by the shape of its JSON.
package prometheus
