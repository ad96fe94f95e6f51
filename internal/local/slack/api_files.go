package slack

import (
	"encoding/json"
	"io"
	"net/http"
)

// File is an uploaded file.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Size     int    `json:"size"`
	Mimetype string `json:"mimetype"`
	URL      string `json:"url_private"`
	Link     string `json:"permalink"`

	content  []byte
	uploaded bool
	shared   bool
}

// Content is what was uploaded.
func (f File) Content() string { return string(f.content) }

// maxFile is less than Slack takes; bcn's files are logs and diffs.
const maxFile = 4 << 20

func filesGetUploadURL(c *call) (object, *apiError) {
	name := c.str("filename")
	size, ok := c.number("length", 0)
	switch {
	case name == "":
		return nil, fail("invalid_arguments", "[ERROR] missing required field: filename")
	case !ok || size <= 0:
		return nil, fail("invalid_arguments", "[ERROR] missing required field: length")
	case size > maxFile:
		return nil, fail("file_upload_size_restricted")
	}
	id, key := c.w.nextID("F"), secret()
	c.w.files[key] = &File{
		ID: id, Name: name, Title: name, Size: size, Mimetype: "text/plain",
		URL: c.w.base + "/files/" + id + "/" + key, Link: c.w.base + "/files/" + id + "/" + key,
	}
	return object{"upload_url": c.w.base + "/upload/v1/" + key, "file_id": id}, nil
}

// serveUpload takes the content at the address that getUploadURLExternal gave.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxFile+1<<16)
	body := io.Reader(r.Body)
	if f, _, err := r.FormFile("file"); err == nil {
		defer func() { _ = f.Close() }()
		body = f
	}
	data, err := io.ReadAll(body)
	if err != nil {
		http.Error(rw, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.files[r.PathValue("key")]
	if f == nil || f.uploaded || len(data) != f.Size {
		http.Error(rw, "no such upload, or not the length that was announced", http.StatusBadRequest)
		return
	}
	f.content, f.uploaded = data, true
	_, _ = io.WriteString(rw, "OK - "+f.ID)
}

func filesCompleteUpload(c *call) (object, *apiError) {
	var want []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	if json.Unmarshal(c.value("files"), &want) != nil || len(want) == 0 {
		return nil, fail("invalid_arguments", "[ERROR] missing required field: files")
	}
	var files []*File
	for _, f := range want {
		file := c.w.fileByID(f.ID)
		if file == nil || !file.uploaded || file.shared {
			return nil, fail("file_not_found")
		}
		if f.Title != "" {
			file.Title = f.Title
		}
		files = append(files, file)
	}
	channels := c.list("channels")
	if one := c.str("channel_id"); one != "" {
		channels = []string{one}
	}
	var messages []*Message
	for _, id := range channels {
		m, bad := c.shareFiles(id, files)
		if bad != nil {
			return nil, bad
		}
		messages = append(messages, m)
	}
	for _, m := range messages {
		c.w.add(m)
	}
	out := []object{}
	for _, f := range files {
		f.shared = true
		out = append(out, object{"id": f.ID, "title": f.Title})
	}
	return object{"files": out}, nil
}

func (c *call) shareFiles(channel string, files []*File) (*Message, *apiError) {
	ch, bad := c.writable(channel)
	if bad != nil {
		return nil, bad
	}
	if !ch.has(BotUserID) {
		return nil, fail("not_in_channel")
	}
	thread, bad := ch.threadOf(c.str("thread_ts"))
	if bad != nil {
		return nil, bad
	}
	m := &Message{Channel: ch.ID, Thread: thread, User: BotUserID, Text: c.str("initial_comment")}
	for _, f := range files {
		m.Files = append(m.Files, *f)
	}
	return m, nil
}

func (w *Workspace) fileByID(id string) *File {
	for _, f := range w.files {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// serveFile shows a file to whoever has its address.
func (w *Workspace) serveFile(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	f := w.files[r.PathValue("key")]
	w.mu.Unlock()
	if f == nil || !f.shared || f.ID != r.PathValue("id") {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = rw.Write(f.content)
}
