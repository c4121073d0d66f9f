// SPDX-License-Identifier: Apache-2.0
/** What becomes of a message, brought to the table. */
@NullMarked
package dev.outboxrelay.relay.settling;

import org.jspecify.annotations.NullMarked;
