//! Whether a point lies on one of the NIST curves that token signatures use.
//!
//! A key whose point does not is no key: some verifiers crash on it, others can be tricked with it.
//! Only this one question is answered, on public values, so nothing here needs to be fast or to run
//! in constant time.

/// `y² = x³ - 3x + b` over the integers modulo `p`; SEC 2 version 2, sections 2.4 to 2.6.
struct Curve {
    p: &'static str,
    b: &'static str,
}

const P256: Curve = Curve {
    p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
};
const P384: Curve = Curve {
    p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
};
const P521: Curve = Curve {
    p: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    b: "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
};

/// Bytes of one coordinate, by the curve's JWK name (RFC 7518 §6.2.1); [`None`] for others.
pub(super) fn coordinate_bytes(name: &str) -> Option<usize> {
    match name {
        "P-256" => Some(32),
        "P-384" => Some(48),
        "P-521" => Some(66),
        _ => None,
    }
}

/// Whether the point, big-endian coordinates, lies on the named curve.
pub(super) fn holds(name: &str, x: &[u8], y: &[u8]) -> bool {
    let curve = match name {
        "P-256" => P256,
        "P-384" => P384,
        "P-521" => P521,
        _ => return false,
    };
    let number = |text: &str| Number::from_bytes(&hex::decode(text).unwrap_or_default());
    let (p, b) = (number(curve.p), number(curve.b));
    let (x, y) = (Number::from_bytes(x), Number::from_bytes(y));
    if !x.is_less(&p) || !y.is_less(&p) {
        return false;
    }
    let cube = x.times(&x, &p).times(&x, &p);
    let three_x = x.plus(&x, &p).plus(&x, &p);
    // Both sides with the subtraction moved over: y² + 3x = x³ + b.
    y.times(&y, &p).plus(&three_x, &p) == cube.plus(&b, &p)
}

/// Words of 32 bits, least significant first; 17 hold the 521 bits of the largest curve and one
/// more takes the carry of a doubling.
const WORDS: usize = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number([u32; WORDS]);

impl Number {
    fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = [0; WORDS];
        for (word, chunk) in words.iter_mut().zip(bytes.rchunks(4)) {
            *word = chunk
                .iter()
                .fold(0, |word, byte| (word << 8) | u32::from(*byte));
        }
        Self(words)
    }

    fn is_less(&self, other: &Self) -> bool {
        self.0.iter().rev().lt(other.0.iter().rev())
    }

    /// The sum of two numbers below `p`, modulo `p`.
    fn plus(&self, other: &Self, p: &Self) -> Self {
        let mut sum = *self;
        let mut carry = 0_u64;
        for (word, more) in sum.0.iter_mut().zip(other.0) {
            carry += u64::from(*word) + u64::from(more);
            *word = low(carry);
            carry >>= 32;
        }
        if sum.is_less(p) { sum } else { sum.minus(p) }
    }

    /// The difference; `other` is not greater.
    fn minus(&self, other: &Self) -> Self {
        let mut rest = *self;
        let mut borrow = 0_u64;
        for (word, less) in rest.0.iter_mut().zip(other.0) {
            let taken = u64::from(less) + borrow;
            let from = u64::from(*word);
            borrow = u64::from(from < taken);
            *word = low((from + (borrow << 32)) - taken);
        }
        rest
    }

    /// The product of two numbers below `p`, modulo `p`: doubling and adding, bit by bit.
    fn times(&self, other: &Self, p: &Self) -> Self {
        let mut product = Self([0; WORDS]);
        for word in other.0.iter().rev().skip_while(|word| **word == 0) {
            for bit in (0..32).rev() {
                product = product.plus(&product, p);
                if word >> bit & 1 == 1 {
                    product = product.plus(self, p);
                }
            }
        }
        product
    }
}

fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_points_lie_on_their_curves_and_their_neighbours_do_not() {
        // SEC 2, sections 2.4.2, 2.5.1 and 2.6.1.
        for (name, x, y) in [
            (
                "P-256",
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
            ),
            (
                "P-384",
                "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
                "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
            ),
            (
                "P-521",
                "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
                "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
            ),
        ] {
            let x = hex::decode(x).unwrap();
            let mut y = hex::decode(y).unwrap();
            assert!(holds(name, &x, &y), "{name}");
            *y.last_mut().unwrap() ^= 1;
            assert!(!holds(name, &x, &y), "{name}");
        }
    }
}
