// SPDX-License-Identifier: Apache-2.0
/** How messages come from the table into memory, each once and in order. */
@NullMarked
package dev.outboxrelay.relay.reading;

import org.jspecify.annotations.NullMarked;
