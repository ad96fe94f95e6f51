// Command tour walks through bcn as a newcomer would: it builds the bot, starts
// `bot dev` on a free loopback port, and drives a headless Chromium through the
// page, as dana, olu, lee and yuki. At each step it checks what the page says,
// and keeps a picture in docs/images. `make tour` runs it.
//
// It is a module of its own, so that the browser's driver does not weigh on
// bcn's.
package main
