package slack

import "net/http"

type webPage struct{ w *Workspace }

func newPage(w *Workspace) (*webPage, error) { return &webPage{w: w}, nil }
func (p *webPage) mount(mux *http.ServeMux)  {}
