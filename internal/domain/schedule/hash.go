// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A field is one column of a schedule, with the range that H takes a value from.
type field struct {
	name     string
	min, max int
}

var fields = []field{
	{"minute", 0, 59},
	{"hour", 0, 23},
	{"day of the month", 1, 28},
	{"month", 1, 12},
	{"weekday", 0, 6},
}

var hashed = regexp.MustCompile(`^H(?:\((\d+)-(\d+)\))?(?:/(\d+))?$`)

// resolve replaces each H of a comma separated list; other items are the parser's business.
func (f field) resolve(word, key string) (string, error) {
	items := strings.Split(word, ",")
	for i, item := range items {
		// THU and MARCH have an H as well.
		if !strings.HasPrefix(item, "H") {
			continue
		}
		match := hashed.FindStringSubmatch(item)
		if match == nil {
			return "", fmt.Errorf("%s %q is none of H, H(a-b), H/n and H(a-b)/n", f.name, item)
		}
		resolved, err := f.pick(item, match[1], match[2], match[3], key)
		if err != nil {
			return "", err
		}
		items[i] = resolved
	}
	return strings.Join(items, ","), nil
}

func (f field) pick(item, from, to, every, key string) (string, error) {
	low, high := f.min, f.max
	if from != "" {
		var errLow, errHigh error
		low, errLow = strconv.Atoi(from)
		high, errHigh = strconv.Atoi(to)
		if errLow != nil || errHigh != nil || low < f.min || high > f.top() || low > high {
			return "", fmt.Errorf("%s %q is not a range within %d-%d", f.name, item, f.min, f.top())
		}
	}
	values := high - low + 1
	if every == "" {
		return strconv.Itoa(low + f.hash(key, values)), nil
	}
	step, err := strconv.Atoi(every)
	if err != nil || step < 1 || step > values {
		return "", fmt.Errorf("%s %q has a step outside 1-%d", f.name, item, values)
	}
	return fmt.Sprintf("%d-%d/%d", low+f.hash(key, step), high, step), nil
}

// top is the highest value that may be asked for; it is above max for the days that not every month has.
func (f field) top() int {
	if f.max == 28 {
		return 31
	}
	return f.max
}

// hash is a number below n. Each field has its own, else minute and hour would go together.
func (f field) hash(key string, n int) int {
	sum := sha256.Sum256([]byte(f.name + "\x00" + key))
	return int(binary.BigEndian.Uint64(sum[:8]) % uint64(n))
}
