// SPDX-License-Identifier: Apache-2.0
/**
 * The console: a page that shows what the tables know and lets a person act. Has a listener of its
 * own, asks the database by {@link dev.outboxrelay.operate}, and knows nothing of the relay: what
 * the relay counts is told to it ({@link dev.outboxrelay.console.Rates}).
 *
 * <p>Who may do what is decided in {@link dev.outboxrelay.console.Guard}, before anything else is
 * looked at. However many pages are open, one thread looks at the database for all of them ({@link
 * dev.outboxrelay.console.Watch}).
 */
@NullMarked
package dev.outboxrelay.console;

import org.jspecify.annotations.NullMarked;
