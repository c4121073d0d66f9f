// SPDX-License-Identifier: Apache-2.0
/** The event loop, its clock and threads, and what is done on the database beside it. */
@NullMarked
package dev.outboxrelay.relay.loop;

import org.jspecify.annotations.NullMarked;
