// SPDX-License-Identifier: Apache-2.0
/** What a relay tells: logs, metrics and tests hang on it. */
@NullMarked
package dev.outboxrelay.relay.events;

import org.jspecify.annotations.NullMarked;
