// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.outboxrelay.relay.sessions;

import org.jspecify.annotations.NullMarked;
