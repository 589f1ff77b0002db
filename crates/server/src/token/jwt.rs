//! Tokens written and read: JWTs signed with EdDSA, which is the only algorithm that is ever accepted.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    decode, decode_header, encode,
    errors::{Error, ErrorKind, new_error},
    signature::{self, Signer, Verifier},
};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

use super::{TOKEN_MAX, TokenError, claims::Claims};

/// The library takes its cryptography from one place for the whole process; ours is ring. Where a program that embeds
/// this server has chosen before, its choice signs and verifies: the bytes are the same.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(RingSigner::new(*algorithm, key)?)),
    verifier_factory: |algorithm, key| Ok(Box::new(RingVerifier::new(*algorithm, key)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

/// The two halves of the key, as the library wants them.
pub(super) struct Jwt {
    encoding: EncodingKey,
    decoding: DecodingKey,
    header: Header,
    validation: Validation,
}

impl Jwt {
    /// With a key pair that ring has accepted.
    pub(super) fn new(pkcs8: &[u8], public: &[u8]) -> Self {
        // Refused when someone has chosen before, which is as good.
        let _ = RING.install_default();
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would ask the system's clock. `Claims::grant` goes by the one it is given.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_ed_der(pkcs8),
            decoding: DecodingKey::from_ed_der(public),
            header: Header::new(Algorithm::EdDSA),
            validation,
        }
    }

    pub(super) fn write(&self, claims: &Claims) -> String {
        encode(&self.header, claims, &self.encoding).expect("claims are JSON, and the key is one that signs EdDSA")
    }

    /// The claims of a token that this key has signed.
    pub(super) fn read(&self, token: &str) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_MAX {
            return Err(TokenError::Malformed);
        }
        // A header that says more than ours (another key, where to fetch one, what is critical) is none of ours.
        if decode_header(token).map_err(|_| TokenError::Malformed)? != self.header {
            return Err(TokenError::Malformed);
        }
        match decode::<Claims>(token, &self.decoding, &self.validation) {
            Ok(token) => Ok(token.claims),
            Err(error) => match error.kind() {
                ErrorKind::InvalidSignature => Err(TokenError::BadSignature),
                _ => Err(TokenError::Malformed),
            },
        }
    }
}

struct RingSigner(Ed25519KeyPair);

impl RingSigner {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self, Error> {
        only_ed25519(algorithm, key.family())?;
        let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).map_err(|_| new_error(ErrorKind::InvalidEddsaKey))?;
        Ok(Self(pair))
    }
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct RingVerifier(UnparsedPublicKey<Vec<u8>>);

impl RingVerifier {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, Error> {
        only_ed25519(algorithm, key.family())?;
        Ok(Self(UnparsedPublicKey::new(&ED25519, key.try_get_as_bytes()?.to_vec())))
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

fn only_ed25519(algorithm: Algorithm, family: AlgorithmFamily) -> Result<(), Error> {
    if algorithm == Algorithm::EdDSA && family == AlgorithmFamily::Ed {
        Ok(())
    } else {
        Err(new_error(ErrorKind::InvalidAlgorithm))
    }
}
