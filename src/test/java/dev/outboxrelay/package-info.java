/** Tests of the whole. */
@NullMarked
package dev.outboxrelay;

import org.jspecify.annotations.NullMarked;
