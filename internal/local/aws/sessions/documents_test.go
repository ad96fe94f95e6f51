package sessions_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func TestCreateDocument(t *testing.T) {
	t.Parallel()
	inputs := func(text string) string {
		return `{"schemaVersion":"1.0","sessionType":"Standard_Stream","inputs":{` + text + `}}`
	}
	for _, c := range []struct{ name, doc, content, want string }{
		{"the least", "bcn-a", `{"schemaVersion":"1.0","sessionType":"Standard_Stream"}`, ""},
		{"all inputs", "bcn-a", inputs(`"s3BucketName":"","s3KeyPrefix":"","s3EncryptionEnabled":true,"cloudWatchLogGroupName":"bcn-access",
			"cloudWatchEncryptionEnabled":false,"cloudWatchStreamingEnabled":true,"kmsKeyId":"","runAsEnabled":true,"runAsDefaultUser":"engineer",
			"idleSessionTimeout":"5","maxSessionDuration":"10","shellProfile":{"linux":"cd /srv"}`), ""},
		{"one minute", "bcn-a", inputs(`"maxSessionDuration":"1","idleSessionTimeout":"1"`), ""},
		{"a day and an hour", "bcn-a", inputs(`"maxSessionDuration":"1440","idleSessionTimeout":"60"`), ""},
		{"no minute", "bcn-a", inputs(`"maxSessionDuration":"0"`), "InvalidDocumentContent"},
		{"more than a day", "bcn-a", inputs(`"maxSessionDuration":"1441"`), "InvalidDocumentContent"},
		{"idle for more than an hour", "bcn-a", inputs(`"idleSessionTimeout":"61"`), "InvalidDocumentContent"},
		{"minutes in words", "bcn-a", inputs(`"maxSessionDuration":"ten"`), "InvalidDocumentContent"},
		{"an unknown input", "bcn-a", inputs(`"maxDuration":"10"`), "InvalidDocumentContent"},
		{"an unknown member", "bcn-a", `{"schemaVersion":"1.0","sessionType":"Standard_Stream","steps":[]}`, "InvalidDocumentContent"},
		{"a text where a flag belongs", "bcn-a", inputs(`"runAsEnabled":"true"`), "InvalidDocumentContent"},
		{"root", "bcn-a", inputs(`"runAsEnabled":true,"runAsDefaultUser":"root"`), "InvalidDocumentContent"},
		{"another schema version", "bcn-a", `{"schemaVersion":"2.2","sessionType":"Standard_Stream"}`, "InvalidDocumentSchemaVersion"},
		{"another type of session", "bcn-a", `{"schemaVersion":"1.0","sessionType":"Telnet"}`, "InvalidDocumentContent"},
		{"a port", "bcn-a", `{"schemaVersion":"1.0","sessionType":"Port","properties":{"host":"db.internal","portNumber":"5432","type":"LocalPortForwarding","localPortNumber":"0"}}`, ""},
		{"a port without its number", "bcn-a", `{"schemaVersion":"1.0","sessionType":"Port","properties":{"host":"db.internal","type":"LocalPortForwarding"}}`, "InvalidDocumentContent"},
		{"broken JSON", "bcn-a", `{`, "InvalidDocumentContent"},
		{"more than 64 KB", "bcn-a", inputs(`"s3KeyPrefix":"` + strings.Repeat("x", 64<<10) + `"`), "MaxDocumentSizeExceeded"},
		{"a name of AWS's", "AWS-Shell", inputs(""), "ValidationException"},
		{"a name with a space", "bcn a", inputs(""), "ValidationException"},
		{"a name that is taken", ten, inputs(""), "DocumentAlreadyExists"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ssm.NewFromConfig(newWorld(t).as()).CreateDocument(t.Context(), &ssm.CreateDocumentInput{
				Name: &c.doc, Content: &c.content, DocumentType: ssmtypes.DocumentTypeSession,
			})
			wantCode(t, err, c.want)
		})
	}
}

// capOf is the cap of a session that is started now with the document.
func (w *world) capOf(t *testing.T, doc string) string {
	t.Helper()
	out, err := ssm.NewFromConfig(w.as()).StartSession(t.Context(), &ssm.StartSessionInput{Target: awssdk.String(node), DocumentName: &doc})
	wantCode(t, err, "")
	got := w.listed(t, "Active", ssmtypes.SessionFilter{Key: "SessionId", Value: out.SessionId})
	if got[0].MaxSessionDuration == nil {
		return "none"
	}
	return *got[0].MaxSessionDuration
}

func TestDocumentVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, s := ssm.NewFromConfig(w.as()), awssdk.String
	update := func(text, version string) error {
		_, err := c.UpdateDocument(t.Context(), &ssm.UpdateDocumentInput{Name: s(ten), Content: s(text), DocumentVersion: s(version)})
		return err
	}
	wantCode(t, update(content("10", "5"), "$LATEST"), "DuplicateDocumentContent")
	wantCode(t, update(content("30", "5"), "2"), "InvalidDocumentVersion")
	wantCode(t, update(content("30", "5"), "$LATEST"), "")
	if got := w.capOf(t, ten); got != "10" {
		t.Fatalf("sessions are capped at %s before the default version is moved", got)
	}
	_, err := c.UpdateDocumentDefaultVersion(t.Context(), &ssm.UpdateDocumentDefaultVersionInput{Name: s(ten), DocumentVersion: s("2")})
	wantCode(t, err, "")
	if got := w.capOf(t, ten); got != "30" {
		t.Fatalf("sessions are capped at %s", got)
	}
	got, err := c.GetDocument(t.Context(), &ssm.GetDocumentInput{Name: s(ten), DocumentVersion: s("1")})
	wantCode(t, err, "")
	if *got.Content != content("10", "5") {
		t.Fatalf("version 1 is %s", *got.Content)
	}
	about, err := c.DescribeDocument(t.Context(), &ssm.DescribeDocumentInput{Name: s(ten)})
	wantCode(t, err, "")
	if d := about.Document; *d.DefaultVersion != "2" || *d.LatestVersion != "2" || d.DocumentType != "Session" || *d.SchemaVersion != "1.0" {
		t.Fatalf("got %+v", d)
	}
	if got := w.capOf(t, "SSM-SessionManagerRunShell"); got != "none" {
		t.Fatalf("the account's own document caps at %s", got)
	}
	_, err = c.DeleteDocument(t.Context(), &ssm.DeleteDocumentInput{Name: s(ten)})
	wantCode(t, err, "")
	_, err = c.StartSession(t.Context(), &ssm.StartSessionInput{Target: s(node), DocumentName: s(ten)})
	wantCode(t, err, "InvalidDocument")
}

func TestDocumentsAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"bcn-b", "bcn-a", "other"} {
		w.document(t, name, content("10", "5"))
	}
	for beginning, want := range map[string][]string{"": {"bcn-a", "bcn-b", ten, "other"}, "bcn-": {"bcn-a", "bcn-b", ten}, "bcn-b": {"bcn-b"}, "none": nil} {
		in := &ssm.ListDocumentsInput{MaxResults: awssdk.Int32(2), Filters: []ssmtypes.DocumentKeyValuesFilter{{Key: awssdk.String("Owner"), Values: []string{"Self"}}}}
		if beginning != "" {
			in.Filters = append(in.Filters, ssmtypes.DocumentKeyValuesFilter{Key: awssdk.String("Name"), Values: []string{beginning}})
		}
		var got []string
		for pages := ssm.NewListDocumentsPaginator(ssm.NewFromConfig(w.as()), in); pages.HasMorePages(); {
			page, err := pages.NextPage(t.Context())
			wantCode(t, err, "")
			for _, d := range page.DocumentIdentifiers {
				got = append(got, *d.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", beginning, got, want)
		}
	}
	creds := w.assume(t, "access", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:GetDocument","Resource":"*"}]}`, "dana", "")
	_, err := ssm.NewFromConfig(w.as(creds)).ListDocuments(t.Context(), &ssm.ListDocumentsInput{})
	wantCode(t, err, "AccessDeniedException")
}

func TestDocumentOfStack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := cloudformation.NewFromConfig(w.as())
	template := func(minutes string) *string {
		return awssdk.String(`{"Resources":{"Shell":{"Type":"AWS::SSM::Document","Properties":{
			"Name":"bcn-stacked","DocumentType":"Session","UpdateMethod":"NewVersion","Content":` + content(minutes, "5") + `,
			"Tags":[{"Key":"bcn:district","Value":"default"}]}}}}`)
	}
	settled := func() string {
		w.clock.Advance(time.Minute)
		out, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: awssdk.String("access")})
		wantCode(t, err, "")
		return string(out.Stacks[0].StackStatus)
	}
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: awssdk.String("access"), TemplateBody: template("15")})
	wantCode(t, err, "")
	if got := settled(); got != "CREATE_COMPLETE" {
		t.Fatal(got)
	}
	if got := w.capOf(t, "bcn-stacked"); got != "15" {
		t.Fatalf("capped at %s", got)
	}
	_, err = c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: awssdk.String("access"), TemplateBody: template("30")})
	wantCode(t, err, "")
	if got := settled(); got != "UPDATE_COMPLETE" {
		t.Fatal(got)
	}
	if got := w.capOf(t, "bcn-stacked"); got != "30" {
		t.Fatalf("capped at %s after the update", got)
	}
	_, err = c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: awssdk.String("access")})
	wantCode(t, err, "")
	w.clock.Advance(time.Minute)
	_, err = ssm.NewFromConfig(w.as()).GetDocument(t.Context(), &ssm.GetDocumentInput{Name: awssdk.String("bcn-stacked")})
	wantCode(t, err, "InvalidDocument")
}
