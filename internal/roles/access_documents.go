package roles

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// The properties of AWS::SSM::Document, and the content of a session document
// (Systems Manager User Guide, "Session document schema").
type ssmDocument struct {
	Name    string         `json:"Name"`
	Type    string         `json:"DocumentType"`
	Format  string         `json:"DocumentFormat"`
	Update  string         `json:"UpdateMethod"`
	Content sessionContent `json:"Content"`
}

type sessionContent struct {
	Schema      string          `json:"schemaVersion"`
	Description string          `json:"description"`
	Type        string          `json:"sessionType"`
	Inputs      *sessionInputs  `json:"inputs,omitempty"`
	Properties  *portProperties `json:"properties,omitempty"`
}

type sessionInputs struct {
	Bucket           string `json:"s3BucketName"`
	Prefix           string `json:"s3KeyPrefix"`
	BucketEncryption bool   `json:"s3EncryptionEnabled"`
	LogGroup         string `json:"cloudWatchLogGroupName"`
	LogEncryption    bool   `json:"cloudWatchEncryptionEnabled"`
	LogStreaming     bool   `json:"cloudWatchStreamingEnabled"`
	Key              string `json:"kmsKeyId"`
	RunAs            bool   `json:"runAsEnabled"`
	User             string `json:"runAsDefaultUser"`
	IdleMinutes      string `json:"idleSessionTimeout"`
	MaxMinutes       string `json:"maxSessionDuration"`
}

type portProperties struct {
	Host  string `json:"host"`
	Port  string `json:"portNumber"`
	Type  string `json:"type"`
	Local string `json:"localPortNumber"`
}

func newDocument(name string, content sessionContent) resource {
	content.Schema = "1.0"
	return resource{Type: "AWS::SSM::Document", Properties: ssmDocument{
		Name: name, Type: "Session", Format: "JSON",
		// A document under a name of one's own cannot be replaced.
		Update: "NewVersion", Content: content,
	}}
}

// sessionDocument is the document of sessions that AWS ends after so many
// minutes, counted from the start of each.
func (in AccessInput) sessionDocument(minutes int) resource {
	return newDocument(SessionDocumentName(in.District, minutes), sessionContent{
		Description: "bcn: a shell for " + strconv.Itoa(minutes) + " minutes",
		Type:        "Standard_Stream",
		Inputs: &sessionInputs{
			LogGroup: in.LogGroup, LogStreaming: true, LogEncryption: in.Key != "", Key: in.Key, RunAs: true, User: in.RunAs,
			IdleMinutes: strconv.Itoa(min(in.IdleMinutes, minutes)), MaxMinutes: strconv.Itoa(minutes),
		},
	})
}

// portDocument forwards one port of one host. It has no parameters, so that
// who uses it cannot name another: IAM knows documents, not their parameters.
func (in AccessInput) portDocument(p DatabasePort) resource {
	return newDocument(PortDocumentName(in.District, p.Name), sessionContent{
		Description: "bcn: the port of " + p.Name,
		Type:        "Port",
		Properties:  &portProperties{Host: p.Host, Port: strconv.Itoa(p.Port), Type: "LocalPortForwarding", Local: "0"},
	})
}

// SessionDocument answers the content, as JSON, that AccessTemplate gives the
// document of that name. Of in it needs what names no account and no principal.
// A name that the template does not have is an error.
func SessionDocument(in AccessInput, name string) ([]byte, error) {
	in = in.defaults()
	if err := in.checkAccess(); err != nil {
		return nil, err
	}
	var list []resource
	for _, m := range SessionMinutes() {
		list = append(list, in.sessionDocument(m))
	}
	for _, p := range in.Ports {
		list = append(list, in.portDocument(p))
	}
	for _, r := range list {
		if d, ok := r.Properties.(ssmDocument); ok && d.Name == name {
			out, err := json.Marshal(d.Content)
			if err != nil {
				return nil, fmt.Errorf("write a session document: %w", err)
			}
			return out, nil
		}
	}
	return nil, fmt.Errorf("roles: district %s has no document %s", in.District, name)
}

// sessionDocuments are the ARNs of the session documents.
func (in AccessInput) sessionDocuments() []string {
	var out []string
	for _, m := range SessionMinutes() {
		out = append(out, in.arn("ssm", "document/"+SessionDocumentName(in.District, m)))
	}
	return out
}

// portDocuments are the ARNs of the port documents.
func (in AccessInput) portDocuments() []string {
	var out []string
	for _, p := range in.Ports {
		out = append(out, in.arn("ssm", "document/"+PortDocumentName(in.District, p.Name)))
	}
	return out
}
