// SPDX-License-Identifier: Apache-2.0
/** The relay on input that nobody wrote for it: pgbench as the legacy application. */
@NullMarked
package dev.outboxrelay.realinput;

import org.jspecify.annotations.NullMarked;
