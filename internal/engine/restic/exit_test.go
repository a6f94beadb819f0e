// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kubestash.com/kubestash/internal/engine"
)

// The files in testdata are what restic 0.18.1 wrote to standard error; paths and host names are shortened.
func TestWhatResticSaysIsClassified(t *testing.T) {
	for name, c := range map[string]struct {
		code  int
		class engine.Class
		says  string
		not   string
	}{
		"absent":               {10, engine.ClassAbsent, "there is no repository", ""},
		"locked":               {11, engine.ClassLocked, "repository is already locked by PID 30089 on pod-abcde by root", "unlock"},
		"wrong-password":       {12, engine.ClassPassword, "opens none", ""},
		"empty-password":       {1, engine.ClassPassword, "an empty password", ""},
		"unreadable-files":     {3, engine.ClassUnreadable, "2 files or folders could not be read: ", ""},
		"parent-tree-lost":     {3, engine.ClassDamaged, "the repository could be damaged", ""},
		"path-missing":         {1, engine.ClassPathMissing, "all source directories/files do not exist", "Fatal"},
		"snapshot-missing":     {1, engine.ClassSnapshotMissing, "no matching ID", ""},
		"s3-bucket-missing":    {1, engine.ClassBucketMissing, "specified bucket does not exist", ""},
		"s3-wrong-key":         {1, engine.ClassDenied, "access key", ""},
		"s3-wrong-secret":      {1, engine.ClassDenied, "signature", ""},
		"s3-no-credentials":    {1, engine.ClassDenied, "no credentials found", ""},
		"s3-no-such-host":      {1, engine.ClassUnreachable, "no such host", ""},
		"s3-refused":           {1, engine.ClassUnreachable, "connection refused", ""},
		"s3-unknown-authority": {1, engine.ClassTLS, "x509", ""},
		"s3-http-not-https":    {1, engine.ClassTLS, "HTTP response to HTTPS client", ""},
		"restore-no-space":     {1, engine.ClassStorageFull, "no space left on device", ""},
		"damaged-pack":         {1, engine.ClassDamaged, "repository contains errors", ""},
		"init-twice":           {1, engine.ClassUnknown, "config file already exists", ""},
	} {
		t.Run(name, func(t *testing.T) {
			recorded, err := os.ReadFile(filepath.Join("testdata", name+".stderr"))
			if err != nil {
				t.Fatal(err)
			}
			o := outcome{started: true, code: c.code}
			w := &lineWriter{limit: maxComplaint, each: o.stderr.add}
			if _, err := w.Write(recorded); err != nil {
				t.Fatal(err)
			}
			w.Flush()
			class, say := o.verdict()
			if class != c.class || !strings.Contains(say, c.says) {
				t.Errorf("got %s: %q; want %s: … %q", class, say, c.class, c.says)
			}
			if c.not != "" && strings.Contains(say, c.not) {
				t.Errorf("%q says %q", say, c.not)
			}
		})
	}
}

func TestHowAProcessEndsIsClassified(t *testing.T) {
	for sentence, c := range map[string]struct {
		o    outcome
		want engine.Class
	}{
		"success": {outcome{started: true}, ""},
		"success just before the end from outside": {outcome{started: true, interrupted: errors.New("deadline")}, ""},
		"it could not be started":                  {outcome{err: errors.New("no such file")}, engine.ClassUnknown},
		"it was interrupted":                       {outcome{started: true, code: exitInterrupted}, engine.ClassInterrupted},
		"we ended it, whatever its exit code":      {outcome{started: true, code: 1, interrupted: errors.New("deadline")}, engine.ClassInterrupted},
		"we killed it":                             {outcome{started: true, code: -1, signal: syscall.SIGKILL, interrupted: errors.New("deadline")}, engine.ClassInterrupted},
		"the kernel killed it":                     {outcome{started: true, code: -1, signal: syscall.SIGKILL}, engine.ClassOutOfMemory},
		"the kernel killed a child of a shell":     {outcome{started: true, code: 137}, engine.ClassOutOfMemory},
		"another signal":                           {outcome{started: true, code: -1, signal: syscall.SIGTERM}, engine.ClassInterrupted},
		"the stream broke":                         {outcome{started: true, code: exitInterrupted, feed: errors.New("cut"), interrupted: errStreamBroken}, engine.ClassProducer},
		"it crashed without a word":                {outcome{started: true, code: 2}, engine.ClassUnknown},
	} {
		t.Run(sentence, func(t *testing.T) {
			class, say := c.o.verdict()
			if class != c.want {
				t.Errorf("got %s (%s), want %s", class, say, c.want)
			}
			if (say == "") != (class == "") {
				t.Errorf("class %q has the message %q", class, say)
			}
		})
	}
}

func TestAnInterruptionTellsWhatResticStruggledWith(t *testing.T) {
	for sentence, c := range map[string]struct {
		words []string
		class engine.Class
		say   string
	}{
		"a storage that is not there": {[]string{"Stat(<config/>) returned error, retrying after 1s: Stat: connection refused"},
			engine.ClassUnreachable, "connection refused"},
		"a storage that is full": {[]string{"Save(<data/12>) returned error, retrying after 1s: Storage backend has reached its minimum free drive threshold"},
			engine.ClassStorageFull, "minimum free"},
		"a struggle that nobody knows": {[]string{"Save(<data/12>) returned error, retrying after 1s: odd"}, engine.ClassInterrupted, "odd"},
		"a struggle that was over": {[]string{"Stat(<config/>) returned error, retrying after 1s: connection refused",
			"Stat(<config/>) operation successful after 1 retries"}, engine.ClassInterrupted, "deadline"},
	} {
		t.Run(sentence, func(t *testing.T) {
			o := outcome{started: true, code: 1, interrupted: errors.New("the deadline has passed")}
			for _, line := range append(c.words, "signal interrupt received, cleaning up") {
				o.stderr.add([]byte(line))
			}
			if class, say := o.verdict(); class != c.class || !strings.Contains(say, "deadline") || !strings.Contains(say, c.say) {
				t.Errorf("got %s %q", class, say)
			}
		})
	}
}

func TestAComplaintIsBounded(t *testing.T) {
	var c complaint
	for range 1000 {
		c.add([]byte(`{"message_type":"error","error":{"message":"` + strings.Repeat("long ", 1000) + `"},"during":"archival","item":""}`))
		c.add([]byte("some word"))
	}
	if len(c.items) != maxKept || c.more != 1000-maxKept || len(c.words) != maxKept {
		t.Errorf("kept %d items, %d more, %d words", len(c.items), c.more, len(c.words))
	}
	if got := bound(c.unreadable(), maxMessage); len(got) > maxMessage || !strings.HasPrefix(got, "1000 files") {
		t.Errorf("%d bytes: %.40s", len(got), got)
	}
	if got := bound("äöü", 5); got != "ä…" {
		t.Errorf("got %q, which cuts a character", got)
	}
}

func TestOnlyATopFolderThatBelongsToOthersIsForgiven(t *testing.T) {
	const verdict = `{"message_type":"exit_error","code":1,"message":"Fatal: There were 1 errors\n"}`
	item := func(name, text string) string {
		return `{"message_type":"error","error":{"message":"` + text + `"},"during":"restore","item":"` + name + `"}`
	}
	for sentence, c := range map[string]struct {
		lines []string
		want  bool
	}{
		"the top folder's owner may not be set": {[]string{item("/data", "lchown /data: operation not permitted"), verdict}, true},
		"the top folder is read-only":           {[]string{item("/data", "chmod /data: read-only file system"), verdict}, true},
		"a file below it may not be written":    {[]string{item("/data/f", "open /data/f: permission denied"), verdict}, false},
		"both":                                  {[]string{item("/data", "lchown: operation not permitted"), item("/data/f", "permission denied"), verdict}, false},
		"the disk is full":                      {[]string{item("/data", "no space left on device"), verdict}, false},
		"something else went wrong too":         {[]string{item("/data", "operation not permitted"), `{"message_type":"exit_error","code":1,"message":"Fatal: unexpected"}`}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			var complaint complaint
			for _, line := range c.lines {
				complaint.add([]byte(line))
			}
			if got := complaint.onlyTop("/data"); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAForgetIsOnlyWholeWhenResticSaysNothing(t *testing.T) {
	for line, want := range map[string]bool{
		`Ignoring "abcdef": no matching ID found for prefix "abcdef"`:                                         true,
		`Ignoring "123": failed to load snapshot 123: open repo/snapshots/123: no such file or directory`:     true,
		`Ignoring "123": failed to load snapshot 123: The specified key does not exist.`:                      true,
		`Ignoring "123": failed to load snapshot 123: Get "http://h/": dial tcp: connection refused`:          false,
		`unable to remove snapshot/123 from the repository`:                                                   false,
		`Load(<snapshot/1234567812>, 0, 0) failed: open repo/snapshots/1234567812: no such file or directory`: true,
	} {
		var c complaint
		c.add([]byte(line))
		if got := c.notForgotten() == ""; got != want {
			t.Errorf("%s: got %v", line, got)
		}
	}
}

// restic repeats what a store says, and not the code that came with it.
func TestTheWordsOfS3AreClassified(t *testing.T) {
	for said, want := range map[string]engine.Class{
		"unable to save snapshot: client.PutObject: Access Denied.":                                                       engine.ClassDenied,
		"client.PutObject: The provided token has expired.":                                                               engine.ClassDenied,
		"client.PutObject: The provided token is malformed or otherwise invalid.":                                         engine.ClassDenied,
		"client.PutObject: The difference between the request time and the server's time is too large.":                   engine.ClassDenied,
		"client.PutObject: The difference between the request time and the current time is too large.":                    engine.ClassDenied,
		"client.PutObject: Please reduce your request rate.":                                                              engine.ClassUnreachable,
		"client.PutObject: Resource requested is unwritable, please reduce your request rate":                             engine.ClassUnreachable,
		"client.PutObject: We encountered an internal error, please try again.":                                           engine.ClassUnreachable,
		"client.PutObject: We encountered an internal error. Please try again.":                                           engine.ClassUnreachable,
		"client.PutObject: Service Unavailable":                                                                           engine.ClassUnreachable,
		"client.PutObject: Storage backend has reached its minimum free drive threshold. Please delete a few objects to ": engine.ClassStorageFull,
		"client.PutObject: Error response code QuotaExceeded.":                                                            engine.ClassStorageFull,
	} {
		if got := classOfWords(said); got != want {
			t.Errorf("%q is %s, want %s", said, got, want)
		}
	}
}
