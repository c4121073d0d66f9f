// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: flags and environment variables become settings, mistakes become one line and
 * an exit code, and the commands hand over to the packages that do the work.
 */
@NullMarked
package dev.outboxrelay.cli;

import org.jspecify.annotations.NullMarked;
