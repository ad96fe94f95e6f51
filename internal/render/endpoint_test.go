package render_test

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

func TestEndpointRefusals(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		endpoint bcn.Endpoint
		change   func(*bcn.District)
		want     string
	}{
		"a name over ELB's limit":         {bcn.Endpoint{Name: strings.Repeat("a", 33)}, nil, "at most 32 characters"},
		"a name that ELB keeps":           {bcn.Endpoint{Name: "internal-x"}, nil, "must not begin with internal-"},
		"a name with an underscore":       {bcn.Endpoint{Name: "a_b"}, nil, "bad_name"},
		"a name that ends with a hyphen":  {bcn.Endpoint{Name: "ab-"}, nil, "bad_name"},
		"a word of the grammar":           {bcn.Endpoint{Name: "all"}, nil, "reserved_name"},
		"a public one in a single subnet": {bcn.Endpoint{Name: "main", Public: true}, func(d *bcn.District) { d.PublicSubnets = d.PublicSubnets[:1] }, "two zones, the district has 1"},
		"an internal one without addresses": {
			bcn.Endpoint{Name: "main"},
			func(d *bcn.District) { d.CIDR = "" },
			"addresses are not known",
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			in := render.EndpointInput{Endpoint: c.endpoint, District: render.ExampleDistrict(), Installation: "i"}
			if c.change != nil {
				c.change(&in.District)
			}
			if _, err := render.Endpoint(in); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestFillEndpointReadsWhatTheStackTells(t *testing.T) {
	t.Parallel()
	got := render.FillEndpoint(bcn.Endpoint{Name: "main"}, map[string]string{
		"LoadBalancer": "a", "HTTPListener": "b",
		"HTTPSListener": "c", "SecurityGroup": "d", "DNSName": "e",
	})
	if got.LoadBalancer != "a" || got.HTTPListener != "b" || got.HTTPSListener != "c" || got.SecurityGroup != "d" || got.DNSName != "e" {
		t.Errorf("%+v", got)
	}
}
