// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package template answers: what does a text with ${…} in it say, given these values?
//
// It is the published substitution language of blueprints and functions. Text is parsed before any value is
// looked at, and a value is never parsed: quotes, newlines, "${" or YAML in a value are just characters. Trees of
// decoded JSON are walked leaf by leaf for the same reason; nothing is ever substituted into marshalled JSON.
//
// The language:
//
//	${name}                               the value; an error when there is none
//	${name:=d} ${name:-d} ${name=d}       the value, even an empty one; d when there is none. d may nest ${…}
//	${#name}                              length in characters
//	${name^} ${name^^} ${name,} ${name,,} upper and lower case, first character or all
//	${name:off} ${name:off:len}           part; negative numbers count from the end (${name: -3})
//	${name#p} ${name##p}                  without the shortest, longest prefix that matches the glob p
//	${name%p} ${name%%p}                  the same for suffixes
//	${name/p/r} ${name//p/r}              the first, every match of p replaced by r; "\/" is a slash in either
//	${name/#p/r} ${name/%p/r}             a match at the beginning, at the end replaced
//	$$                                    a dollar sign, so $${name} is the text ${name}
//
// Names are letters, digits and "_". A $ that none of these follows is left alone, so $VAR and $(VAR) are too.
package template
