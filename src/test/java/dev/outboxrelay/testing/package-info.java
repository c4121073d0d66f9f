/** Test doubles and fixtures that every test may use. */
@NullMarked
package dev.outboxrelay.testing;

import org.jspecify.annotations.NullMarked;
