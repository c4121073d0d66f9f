/** Tests of what the program's threads have in common. */
@NullMarked
package dev.outboxrelay.threads;

import org.jspecify.annotations.NullMarked;
