@NullMarked
package dev.outboxrelay.relay.reading;

import org.jspecify.annotations.NullMarked;
