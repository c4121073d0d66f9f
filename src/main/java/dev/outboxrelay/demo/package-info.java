// SPDX-License-Identifier: Apache-2.0
/**
 * The demonstration: everything at once in one process, with ordinary SQL as the application. Shows
 * what arrives, counts it, and finds anything that is missing.
 */
@NullMarked
package dev.outboxrelay.demo;

import org.jspecify.annotations.NullMarked;
