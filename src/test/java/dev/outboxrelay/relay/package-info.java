// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.outboxrelay.relay;

import org.jspecify.annotations.NullMarked;
