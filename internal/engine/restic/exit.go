// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restic

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"kubestash.com/kubestash/internal/engine"
)

// Exit codes of restic 0.18. 2 is a crash of its runtime.
const (
	exitUnreadable  = 3
	exitAbsent      = 10
	exitLocked      = 11
	exitPassword    = 12
	exitInterrupted = 130
	exitKilled      = 128 + int(syscall.SIGKILL)
)

const (
	// maxComplaint bounds one line that is kept of standard error, and maxKept how many are.
	maxComplaint = 16 << 10
	maxKept      = 10
	maxMessage   = 1024
)

// scanning is how restic names the work of its scanner.
const scanning = "scan"

// complaint is what restic wrote to standard error, bounded: the first items that failed, the last words,
// and its own final verdict.
type complaint struct {
	verdict string
	items   []itemError
	// more counts the items beyond those kept.
	more  int
	words []string
}

// itemError is a file, or a part of the repository, that restic had trouble with.
type itemError struct {
	during, item, text string
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

func (c *complaint) add(line []byte) {
	m, ok := decodeMessage(line)
	switch {
	case ok && m.Type == "exit_error":
		c.verdict = m.Message
	case ok && m.Type == "error":
		c.addItem(itemError{during: m.During, item: m.Item, text: firstOf(m.Error.Message, m.Message)})
	default:
		c.words = append(c.words, strings.TrimSpace(ansi.ReplaceAllString(string(line), "")))
		if len(c.words) > maxKept {
			c.words = c.words[1:]
		}
	}
}

func (c *complaint) addItem(e itemError) {
	// The scanner, which only measures and runs beside it, stumbles over what the archiver stumbles over.
	for i, kept := range c.items {
		if kept.item == e.item && e.item != "" && (kept.during == scanning || e.during == scanning) {
			if kept.during == scanning {
				c.items[i] = e
			}
			return
		}
	}
	if len(c.items) == maxKept {
		c.more++
		return
	}
	c.items = append(c.items, e)
}

// text is everything, for the recognition of words.
func (c *complaint) text() string {
	parts := []string{c.verdict}
	for _, e := range c.items {
		parts = append(parts, e.text)
	}
	return strings.Join(append(parts, c.words...), "\n")
}

// meanings are the words by which restic, or the library that it uses for a store, tells the cause of exit
// code 1. The first match wins, so the narrower ones stand first.
var meanings = []struct {
	class engine.Class
	words []string
}{
	{engine.ClassBucketMissing, []string{"specified bucket does not exist", "nosuchbucket", "containernotfound",
		"specified container does not exist", "bucket doesn't exist"}},
	{engine.ClassPathMissing, []string{"all source directories/files do not exist"}},
	{engine.ClassSnapshotMissing, []string{"failed to find snapshot", "no matching id found", "no snapshot found"}},
	{engine.ClassStorageFull, []string{"no space left on device", "disk quota exceeded", "quotaexceeded",
		"insufficientstorage", "insufficient storage", "storage backend has reached its minimum free", "xminiostoragefull"}},
	{engine.ClassDamaged, []string{"ciphertext verification failed", "invalid data returned", "not found in repository",
		"repository contains errors", "could be damaged", "config or key", "pack file cannot be listed", "not found in index"}},
	{engine.ClassPassword, []string{"wrong password", "an empty password is not", "password is empty"}},
	{engine.ClassDenied, []string{"access denied", "accessdenied", "invalidaccesskeyid", "signaturedoesnotmatch",
		"access key id you provided does not exist", "provided access key id", "signature we calculated does not match", "403 forbidden",
		"no credentials found", "authorizationfailure", "authenticationfailed", "invalid_grant", "not authorized",
		"token has expired", "token is malformed", "difference between the request time"}},
	{engine.ClassUnreachable, []string{"tls handshake timeout"}},
	{engine.ClassTLS, []string{"x509:", "tls:", "http response to https client", "http request to an https server"}},
	{engine.ClassUnreachable, []string{"no such host", "connection refused", "connection reset", "i/o timeout",
		"network is unreachable", "no route to host", "server misbehaving", "context deadline exceeded",
		"client.timeout", "temporary failure in name resolution", "broken pipe", "service unavailable", "slowdown",
		"reduce your request rate", "encountered an internal error"}},
}

func classOfWords(text string) engine.Class {
	text = strings.ToLower(text)
	for _, meaning := range meanings {
		for _, words := range meaning.words {
			if strings.Contains(text, words) {
				return meaning.class
			}
		}
	}
	return engine.ClassUnknown
}

// failure turns an outcome into an error, or nil when restic succeeded.
func (c *Client) failure(doing string, o outcome) error {
	class, say := o.verdict()
	if class == "" {
		return nil
	}
	return &engine.Error{Class: class, Message: c.redact(bound(doing+": "+say, maxMessage)), Cause: o.err}
}

// verdict is the class of an outcome and its message; the class is empty for success.
func (o *outcome) verdict() (engine.Class, string) {
	switch {
	case !o.started:
		return engine.ClassUnknown, o.err.Error()
	case o.feed != nil:
		return engine.ClassProducer, "the stream that was to be stored broke: " + o.feed.Error()
	case o.code == 0 && o.signal == 0 && o.err == nil:
		return "", ""
	case o.interrupted != nil:
		return o.stderr.lastStruggle("restic was stopped: " + o.interrupted.Error())
	case o.signal == syscall.SIGKILL || o.code == exitKilled:
		return engine.ClassOutOfMemory, "restic was killed (exit 137), most likely for using more memory than the container's limit"
	case o.signal != 0:
		return engine.ClassInterrupted, fmt.Sprintf("restic was ended by signal %d (%s)", int(o.signal), o.signal)
	case o.err != nil:
		return engine.ClassUnknown, o.err.Error()
	}
	switch o.code {
	case exitUnreadable:
		// restic also skips what it can't read in the repository itself, and takes its own loss for the source's.
		if classOfWords(o.stderr.text()) == engine.ClassDamaged {
			return engine.ClassDamaged, o.stderr.say(o.code)
		}
		return engine.ClassUnreadable, o.stderr.unreadable()
	case exitAbsent:
		return engine.ClassAbsent, "there is no repository"
	case exitLocked:
		return engine.ClassLocked, o.stderr.holder()
	case exitPassword:
		return engine.ClassPassword, "the password opens none of the repository's keys"
	case exitInterrupted:
		return engine.ClassInterrupted, "restic was interrupted"
	}
	return classOfWords(o.stderr.text()), o.stderr.say(o.code)
}

// lastStruggle adds what restic struggled with before it was stopped, and that is the class where it is known: restic
// repeats a request that fails for a quarter of an hour, so a deadline may well come first.
func (c *complaint) lastStruggle(text string) (engine.Class, string) {
	for _, line := range slices.Backward(c.words) {
		if strings.Contains(line, "operation successful after") {
			break // that struggle was over
		}
		if !strings.Contains(line, "returned error") {
			continue
		}
		class := classOfWords(line)
		if class == engine.ClassUnknown {
			class = engine.ClassInterrupted
		}
		return class, text + "; before that: " + line
	}
	return engine.ClassInterrupted, text
}

// holder keeps what restic says of the lock's owner and drops its advice to unlock.
func (c *complaint) holder() string {
	text := strings.TrimPrefix(c.verdict, "unable to create lock in backend: ")
	lines := strings.Split(text, "\n")
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, "`unlock`") {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		return "the repository is locked"
	}
	return strings.Join(kept, ", ")
}

// unreadable names the first files. Their names go last, so that shortening takes those first.
func (c *complaint) unreadable() string {
	var names []string
	for _, e := range c.items {
		names = append(names, e.text)
	}
	text := fmt.Sprintf("%d files or folders could not be read", len(c.items)+c.more)
	if len(names) == 0 {
		return text
	}
	return text + ": " + strings.Join(names, "; ")
}

// say is the most telling of restic's words.
func (c *complaint) say(code int) string {
	verdict := strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(c.verdict, "Fatal: ", ""), "\n", " "))
	var details []string
	for _, e := range c.items {
		details = append(details, firstOf(e.text, e.item))
	}
	if verdict == "" {
		details = append(details, c.words...)
	}
	switch {
	case verdict == "" && len(details) == 0:
		return fmt.Sprintf("restic ended with exit code %d and no word", code)
	case len(details) == 0:
		return verdict
	case verdict == "":
		return strings.Join(details, "; ")
	}
	return verdict + ": " + strings.Join(details, "; ")
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// bound shortens text to at most limit bytes, never in the middle of a character.
func bound(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit-len("…")], "") + "…"
}

// isPermission recognises a refusal of the file system in restic's words.
func isPermission(text string) bool {
	for _, errno := range []error{syscall.EPERM, syscall.EACCES, syscall.EROFS} {
		if strings.Contains(text, errno.Error()) {
			return true
		}
	}
	return false
}

var errNoSummary = errors.New("restic ended well but told no result")
