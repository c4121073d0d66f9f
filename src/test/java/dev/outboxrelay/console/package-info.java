// SPDX-License-Identifier: Apache-2.0
/** The console: who gets in, what the page may ask, and the page itself in a browser. */
@NullMarked
package dev.outboxrelay.console;

import org.jspecify.annotations.NullMarked;
