package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/bcn-bot/bcn/internal/slackbot"
)

// metrics are few, and their labels have few values.
type metrics struct {
	registry  *prometheus.Registry
	envelopes *prometheus.CounterVec
	acks      *prometheus.HistogramVec
	unacked   *prometheus.CounterVec
	handled   *prometheus.HistogramVec
	posts     *prometheus.CounterVec
	sockets   prometheus.Gauge
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		envelopes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcn_envelopes_total",
			Help: "Envelopes that arrived from Slack.",
		}, []string{"kind"}),
		acks: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bcn_ack_seconds",
			Help: "Time from an envelope's arrival to its acknowledgement.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 3},
		}, []string{"kind"}),
		unacked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcn_unacked_total",
			Help: "Envelopes whose acknowledgement could not be written.",
		}, []string{"kind"}),
		handled: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bcn_command_seconds",
			Help: "Time that running a command took.", Buckets: prometheus.DefBuckets,
		}, []string{"source"}),
		posts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bcn_posts_total",
			Help: "Messages sent to Slack, by method and outcome.",
		}, []string{"method", "outcome"}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{Name: "bcn_sockets", Help: "Sockets to Slack that are open."}),
	}
	m.registry.MustRegister(m.envelopes, m.acks, m.unacked, m.handled, m.posts, m.sockets,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) hooks() slackbot.Hooks {
	return slackbot.Hooks{
		Envelope: func(kind string, _ int) { m.envelopes.WithLabelValues(kind).Inc() },
		Acked: func(kind string, took time.Duration, err error) {
			if err != nil {
				m.unacked.WithLabelValues(kind).Inc()
				return
			}
			m.acks.WithLabelValues(kind).Observe(took.Seconds())
		},
		Handled: func(source string, took time.Duration) { m.handled.WithLabelValues(source).Observe(took.Seconds()) },
		Posted: func(method string, _ time.Duration, err string) {
			if err == "" {
				err = "ok"
			}
			m.posts.WithLabelValues(method, err).Inc()
		},
		Sockets: func(open int) { m.sockets.Set(float64(open)) },
	}
}
