// SPDX-License-Identifier: Apache-2.0
/** Every scenario of the bench, at sizes that measure nothing. */
@NullMarked
package dev.outboxrelay.bench;

import org.jspecify.annotations.NullMarked;
