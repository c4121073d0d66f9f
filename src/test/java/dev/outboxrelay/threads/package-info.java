// SPDX-License-Identifier: Apache-2.0
/** Tests of what the program's threads have in common. */
@NullMarked
package dev.outboxrelay.threads;

import org.jspecify.annotations.NullMarked;
