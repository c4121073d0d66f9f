// SPDX-License-Identifier: Apache-2.0
/**
 * What the threads of the program have in common: what becomes of an Error, wherever it comes up.
 * Knows nothing else of the program.
 */
@NullMarked
package dev.outboxrelay.threads;

import org.jspecify.annotations.NullMarked;
