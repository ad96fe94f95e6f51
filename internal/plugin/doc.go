// Package plugin is the one hook through which something that is not bcn's own
// has a say in what is rendered.
//
// A plugin is set for a district, with settings. Whenever a task definition of
// a service or a scheduled task is rendered there, the plugin is shown a Task,
// which it cannot change, and answers a Change: containers to put beside the
// app's, and where the app's lines go. It is pure: the same answer for the same
// arguments, no clock, no network.
//
// A plugin may also have a say in the machines of a district: a part of the
// script that they start with, and one server in the cluster that they report
// to. bcn's own part of the script runs after it.
//
// What it answers is narrower than what ECS takes. There is no field for
// privileges, for the host's network or folders, for roles or for another
// app's containers, and render builds the containers itself: their secrets are
// read by the execution role, which is granted exactly those. The guardrails
// see the rendered stacks afterwards, as those of any app.
//
// Settings hold no secrets. One that a credential is needed for takes a
// reference below Folder, where no app has its own.
package plugin
