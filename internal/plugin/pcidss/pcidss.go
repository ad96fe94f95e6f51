// Package pcidss watches the machines of a district with Wazuh: its manager
// runs in the cluster, its agent on every machine.
package pcidss

import (
	"regexp"

	"github.com/bcn-bot/bcn/internal/plugin"
)

const (
	// version is that of the manager and of the agents, which must not be newer
	// than it (Wazuh documentation, "Compatibility matrix").
	version = "4.9.2"

	// The ports of the manager (Wazuh documentation, "Architecture", required
	// ports): what agents report to, and what they enrol at.
	reports, enrolment = 1514, 1515

	// What the manager may use: Wazuh recommends 2 GiB at least.
	cpu, memory = 1024, 2048
)

// Plugin is Wazuh: intrusion detection and file integrity of the machines, as
// PCI DSS 10 and 11.5 ask for. What it finds is in CloudWatch for a year.
func Plugin() plugin.Plugin {
	return plugin.Plugin{
		Name: "pcidss", Image: "docker.io/wazuh/wazuh-manager:" + version,
		Settings: []plugin.Setting{
			{Name: "repository", Required: true, Valid: address.MatchString, Form: "https://rpm.example.com/wazuh/4.x"},
			{Name: "key", Required: true, Valid: address.MatchString, Form: "https://rpm.example.com/wazuh/GPG-KEY"},
		},
		Task:     func(plugin.Task, plugin.Values) plugin.Change { return plugin.Change{} },
		Machines: machines,
	}
}

// address is an address of the web without anything that a shell or a
// configuration file would read as more.
var address = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$`)

func machines(m plugin.Machines, v plugin.Values) plugin.Fleet {
	return plugin.Fleet{
		Server: &plugin.Server{
			CPU: cpu, Memory: memory, Ports: []int{reports, enrolment},
			// The image's own start writes the manager's log to the console; what it
			// found goes there, too, so that it is kept.
			EntryPoint: []string{"sh", "-c", "tail -n 0 -F /var/ossec/logs/alerts/alerts.json 2>/dev/null & exec /init"},
		},
		Boot: `cat > /etc/yum.repos.d/wazuh.repo <<'END'
[wazuh]
name=Wazuh
baseurl=` + v["repository"] + `
gpgkey=` + v["key"] + `
gpgcheck=1
enabled=1
END
WAZUH_MANAGER='` + m.Server + `' dnf install -y wazuh-agent-` + version + `
systemctl enable --now wazuh-agent
echo 'readonly TMOUT=900; export TMOUT' > /etc/profile.d/pcidss.sh
`,
	}
}
